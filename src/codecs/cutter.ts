/** The fault of the frame in which the reader began to listen. */
export const cutOff = 'cut off at the start';

/** Takes a frame, valid during the call only; `fault` says why it is none. */
export type TakeFrame = (frame: Buffer, fault: string | null) => void;

/** Cuts a stream of bytes into frames. How the bytes are split over the calls makes no difference. */
export interface Cutter {
  push(bytes: Uint8Array, take: TakeFrame): void;
  /** The line was opened anew: what comes next may begin in the middle of a frame. */
  reset(): void;
}
