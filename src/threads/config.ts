import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig } from '../config/parse.ts';
import { packLoaded, type ConfigRequest } from './start-config.ts';

// Reads one config and ends: what reading takes (a YAML tree, a schema, their code) goes with the thread.

if (parentPort === null) throw new Error('the config thread is started by main.ts');
// written by start-config.ts a moment ago
const { path, scenarios } = workerData as ConfigRequest;
parentPort.postMessage(packLoaded(await loadConfig(path, { scenarios })));
