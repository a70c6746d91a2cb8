import { describeClient } from './features.js';
import { langchainOllama, langchainOllamaText, langchainOpenai, langchainResponses } from './langchain.client.js';

describeClient(langchainOllama);
describeClient(langchainOllamaText);
describeClient(langchainOpenai);
describeClient(langchainResponses);
