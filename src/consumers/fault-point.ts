/** Called at named places of the road so that a test can end the process exactly there. Does nothing in production. */
export type FaultPoint = (name: string) => void;

export const noFaultPoint: FaultPoint = () => {};
