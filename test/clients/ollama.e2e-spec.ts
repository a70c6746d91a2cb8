import { describeClient } from './features.js';
import { ollamaChat, ollamaGenerate } from './ollama.client.js';

describeClient(ollamaChat);
describeClient(ollamaGenerate);
