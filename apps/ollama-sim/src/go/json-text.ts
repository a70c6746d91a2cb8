export { goJson } from '@rightsize/ollama';
