import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { PluggedBoard } from '../../firmware-bridge/emulator/plugged-board.ts';
import { noFirmata, standardFirmata } from './standard-firmata.ts';

/** Plugs in an emulated Uno that is gone with the test. `speed`: how many times faster than life its clock runs. */
export async function plugBoard(
  hexFile: string,
  options?: { speed?: number },
): Promise<PluggedBoard> {
  const folder = mkdtempSync(join(tmpdir(), 'limen-board-'));
  const board = await PluggedBoard.start(hexFile, join(folder, 'port'), options);
  onTestFinished(async () => {
    await board.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return board;
}

/** Plugs in an emulated Uno with StandardFirmata; where that cannot be built the test is skipped. */
export async function plugFirmata(context: TestContext): Promise<PluggedBoard> {
  context.skip(noFirmata !== null, `StandardFirmata cannot be built here: ${noFirmata ?? ''}`);
  return plugBoard(standardFirmata());
}
