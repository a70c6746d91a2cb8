import { describeClient } from './features.js';
import { openaiChat } from './openai-chat.client.js';
import { openaiCompletions } from './openai-completions.client.js';
import { openaiResponses } from './openai-responses.client.js';

describeClient(openaiChat);
describeClient(openaiCompletions);
describeClient(openaiResponses);
