import { anthropicMessages } from './anthropic.client.js';
import { describeClient } from './features.js';

describeClient(anthropicMessages);
