import type { JournalRow } from '../../domain/journal.ts';
import { formatDuration } from '../message.ts';
import {
  rowWith,
  type ActBody,
  type AlertBody,
  type FaultBody,
  type LearnedBody,
  type PointBody,
  type ScheduleBody,
  type SourceBody,
  type StartedBody,
} from './explain-rows.ts';

/** What a row is that is no reading and caused an event, in words. */
export function causeText(row: JournalRow): string {
  const { kind, key } = row;
  switch (kind) {
    case 'config':
      return 'config applied';
    case 'started':
      return startedText(rowWith<StartedBody>(row).body);
    case 'stopped':
      return 'Limen stopped';
    case 'clock':
      return 'clock set';
    case 'schedule':
      return `schedule ${key} ${scheduleText(rowWith<ScheduleBody>(row).body)}`;
    case 'point':
      return `point ${key} ${pointText(rowWith<PointBody>(row).body)}`;
    case 'act': {
      const { act, by } = rowWith<ActBody>(row).body;
      return `${act} by ${by}`;
    }
    case 'source':
      return `source ${key} ${rowWith<SourceBody>(row).body.connected ? 'connected' : 'lost'}`;
    case 'learned':
      return `point ${key} ${learnedText(rowWith<LearnedBody>(row).body)}`;
    case 'fault':
      return rowWith<FaultBody>(row).body.note;
    case 'alert': {
      const { shown, reason } = rowWith<AlertBody>(row).body;
      return `${shown.id}: ${reason.replaceAll('_', ' ')}`;
    }
    case 'drill':
      return 'limen drill';
    default:
      return `${kind} ${key}`;
  }
}

function startedText({ down_ms: downMs }: StartedBody): string {
  const isKnown = downMs !== undefined && downMs !== null && downMs > 0;
  return isKnown ? `Limen started after ${formatDuration(downMs)}` : 'Limen started';
}

function scheduleText({ open }: ScheduleBody): string {
  if (open === null) return 'is unknown: the clock is not trusted';
  return open ? 'is open' : 'is closed';
}

function pointText({ unit, replaces }: PointBody): string {
  if (replaces === undefined) return 'became known';
  return unit === null ? 'has no unit any more' : `has the unit ${unit} now`;
}

function learnedText({ stale_after_ms: staleAfterMs }: LearnedBody): string {
  const stale = staleAfterMs === null ? '' : `: stale after ${formatDuration(staleAfterMs)}`;
  return `has shown how it reports${stale}`;
}
