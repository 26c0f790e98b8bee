/** What the component asked of the host, and what the host answers. */
export const recorded = {
  /** { level, message, fields } of each log line. */
  logs: [],
  /** { kind, name, value } of each metric call. */
  metrics: [],
  /** Indices that were marked. */
  marks: [],
  /** Keys and bytes of `state`. */
  state: new Map(),
  /** Columns of the batch in hand, by name. */
  columns: new Map(),
  /** Answers of `context.attribute`. */
  attributes: new Map(),

  reset() {
    for (const list of [this.logs, this.metrics, this.marks]) list.length = 0;
    for (const map of [this.state, this.columns, this.attributes]) map.clear();
  },
};
