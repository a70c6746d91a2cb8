/** The numbers that detection turns on, with what each was worth in docs/decisions/template-detection.md. Words and weights of words. */
export interface TemplateTuning {
  /** Words shared beyond a boundary from which on it counts with whom. */
  readonly beyond: number;
  /** A cluster of no more members may still find its boundary further up. */
  readonly young: number;
  /** Share of a core's weight that a member has. */
  readonly share: number;
  /** Weight that two single prompts share to found a skeleton, */
  readonly pair: number;
  /** and when a third has the same segments. */
  readonly triple: number;
  /** The same in texts without a line break, unless both their start and their end are shared. */
  readonly paragraph: number;
  /** Share of the members that have a segment beyond the core before it splits off a child. */
  readonly childShare: number;
  readonly childMembers: number;
  /** Weight of what a child has beyond the core: at least so much, and this part of the core's own. */
  readonly childWeight: number;
  readonly childRelative: number;
  /** The same when it is a few members that have much more in common with each other than with the rest. */
  readonly kinHits: number;
  readonly kinWeight: number;
  readonly kinRelative: number;
  /** Words beyond a boundary, at least so many and this part of those up to it, where a static text may go on, */
  readonly forkWords: number;
  readonly forkRelative: number;
  /** when so many members have passed there, and this share of all. */
  readonly forkHits: number;
  readonly forkShare: number;
  /** Weight of a core that is a template even where a few of its members share an opening of their own. */
  readonly standsAlone: number;
  /** Part of two cores that they have in common when they are one template. */
  readonly twin: number;
}

export const DEFAULT_TUNING: TemplateTuning = Object.freeze({
  beyond: 48,
  young: 5,
  share: 0.75,
  pair: 10,
  triple: 4,
  paragraph: 20,
  childShare: 0.25,
  childMembers: 8,
  childWeight: 4,
  childRelative: 0.4,
  kinHits: 2,
  kinWeight: 16,
  kinRelative: 1,
  forkWords: 16,
  forkRelative: 0.08,
  forkHits: 2,
  forkShare: 0.3,
  standsAlone: 32,
  twin: 0.8,
});
