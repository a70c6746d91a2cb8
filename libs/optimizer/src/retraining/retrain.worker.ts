import { parentPort, workerData } from 'node:worker_threads';
import { retrainLog } from './retrain-log.js';

const { file, nowMs } = workerData as { readonly file: string; readonly nowMs: number };
parentPort?.postMessage(await retrainLog(file, nowMs));
