/** What an output is commanded to, and what a device does. */
export type OutputLevel = 'on' | 'off';
