import type { Cluster } from './cluster.js';
import type { TemplateTuning } from './tuning.js';

/** Where a prompt was put, and why. */
export interface Placement {
  readonly cluster: Cluster;
  /** It joined a cluster that existed before. */
  readonly matched: boolean;
  readonly by: 'exact' | 'opening' | 'skeleton' | 'nothing';
  /** Words of the opening or weight of the segments that spoke for it. */
  readonly evidence: number;
  /** The cluster it split off from. */
  readonly parent: Cluster | null;
  /** Two that were found to be the same: the second is part of the first now. */
  readonly merged: Merge | null;
}

export interface Merge {
  readonly survivor: Cluster;
  readonly absorbed: Cluster;
}

export interface Bounds {
  readonly singles: number;
  readonly templates: number;
  /** Prefix nodes; a power of two. */
  readonly nodes: number;
  readonly tuning: TemplateTuning;
}

/** Nothing spoke for the cluster that is added: it is new. */
export const NOWHERE = {
  matched: false,
  by: 'nothing',
  evidence: 0,
  parent: null,
  merged: null,
} as const;
