// A program of its own that takes the lock of a database, says so, and gives it back after a while.
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';

const [file = '', mode = '', holdText = ''] = process.argv.slice(2);
const db = new Database(file);
db.pragma('busy_timeout = 5000');
db.exec(`BEGIN ${mode}`);
process.stdout.write('locked\n');
await wait(Number(holdText));
db.exec('ROLLBACK');
process.stdout.write('released\n');
db.close();
