/** What a window's memory is made of, bytes. */
export interface MemoryShape {
  /** Bytes that weights and KV cache may take together. */
  readonly budgetBytes: number;
  /** Bytes of the weights (and everything else that does not grow with the window). */
  readonly weightsBytes: number;
  /** KV cache bytes per token of window. */
  readonly kvBytesPerToken: number;
}

/** The largest window in tokens that fits the budget; 0 when not even the weights do. */
export function memoryWindow(shape: MemoryShape): number {
  return Math.max(0, Math.floor((shape.budgetBytes - shape.weightsBytes) / shape.kvBytesPerToken));
}
