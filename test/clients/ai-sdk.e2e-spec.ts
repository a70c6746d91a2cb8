import { aiSdk } from './ai-sdk.client.js';
import { describeClient } from './features.js';

describeClient(aiSdk);
