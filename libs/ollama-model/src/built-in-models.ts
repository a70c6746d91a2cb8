import { GIB, type Hardware } from './hardware.js';
import type { ModelCard } from './models.js';
import { digestOf } from './stable-hash.js';

/** A fixed date, so that two runs list the same models byte for byte. */
const MODIFIED = Date.UTC(2026, 0, 15, 12, 0, 0);

const CHAT_TEMPLATE = `{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
`;

const GGUF_TEMPLATE = `{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}<|im_start|>assistant
`;

/** Layers and heads whose KV cache weighs what the machine's constants say: 4 KiB a layer with 8 heads of 128. */
function attentionFor(kvBytes: number): Pick<ModelCard, 'blockCount' | 'kvHeads'> {
  const kvHeads = kvBytes >= 64 * 1024 ? 8 : 4;
  return { kvHeads, blockCount: Math.max(1, Math.round(kvBytes / (kvHeads * 512))) };
}

/** The model that a machine's constants describe, under a name of its own. */
function referenceModel(name: string, hardware: Hardware, own: Partial<ModelCard>): ModelCard {
  const parameterCount = Math.round((hardware.weightsBytes * 8) / 4.85);
  return {
    name,
    digest: digestOf(`manifest ${name}`),
    blob: digestOf(`blob ${name}`),
    parentModel: '',
    architecture: 'llama',
    families: ['llama'],
    parameterSize: `${(parameterCount / 1e9).toFixed(1)}B`,
    parameterCount,
    quantization: 'Q4_K_M',
    capabilities: ['completion', 'tools'],
    rendering: 'ollama',
    trainedContext: hardware.maxContext,
    ...attentionFor(hardware.kvBytesPerToken),
    embeddingLength: 4096,
    headCount: 32,
    keyLength: 128,
    valueLength: 128,
    slidingWindow: null,
    vocabulary: 128256,
    addsBos: true,
    shiftable: true,
    parallel: true,
    weightsBytes: Math.round(hardware.weightsBytes),
    parameters: { stop: ['<|im_start|>', '<|im_end|>'] },
    template: CHAT_TEMPLATE,
    system: '',
    license: '',
    remote: null,
    modifiedAtMs: MODIFIED,
    ...own,
  };
}

function embeddingModel(): Partial<ModelCard> {
  return {
    architecture: 'nomic-bert',
    families: ['nomic-bert'],
    parameterSize: '137M',
    parameterCount: 136_727_040,
    quantization: 'F16',
    capabilities: ['embedding'],
    trainedContext: 2048,
    blockCount: 12,
    embeddingLength: 768,
    headCount: 12,
    kvHeads: 12,
    keyLength: 64,
    valueLength: 64,
    vocabulary: 30522,
    shiftable: false,
    parallel: false,
    weightsBytes: Math.round(0.255 * GIB),
    parameters: { num_ctx: 8192 },
    template: '{{ .Prompt }}',
  };
}

/**
 * What the simulated server has: a model whose chats Ollama renders, one with its own template, one
 * of another file, an embedding model, and a remote one. The first two weigh what the machine's constants say.
 */
export function builtInModels(hardware: Hardware): ModelCard[] {
  const gguf: Partial<ModelCard> = {
    architecture: 'qwen3',
    families: ['qwen3'],
    rendering: 'gguf',
    addsBos: false,
    vocabulary: 151936,
    capabilities: ['completion', 'tools', 'thinking'],
    trainedContext: Math.min(40960, hardware.maxContext),
    parameters: { repeat_penalty: 1, temperature: 0.6, top_k: 20, top_p: 0.95 },
    template: GGUF_TEMPLATE,
  };
  const small = { weightsBytes: Math.round(hardware.weightsBytes / 4), parameterSize: '1.2B', blockCount: 16 };
  return [
    referenceModel('llama3.2:latest', hardware, {}),
    referenceModel('qwen3:latest', hardware, gguf),
    referenceModel('llama3.2:1b', hardware, { ...small, embeddingLength: 2048 }),
    referenceModel('nomic-embed-text:latest', hardware, embeddingModel()),
    referenceModel('gpt-oss:120b-cloud', hardware, {
      architecture: 'gptoss',
      families: ['gptoss'],
      parameterSize: '116.8B',
      parameterCount: 116_829_156_672,
      quantization: 'MXFP4',
      capabilities: ['completion', 'tools', 'thinking'],
      weightsBytes: 384,
      parameters: {},
      template: '',
      remote: { host: 'https://ollama.com:443', model: 'gpt-oss:120b' },
    }),
  ];
}

/** A further model of the machine's reference size under a name that a user asks for. */
export function customModel(name: string, hardware: Hardware): ModelCard {
  return referenceModel(name, hardware, {});
}
