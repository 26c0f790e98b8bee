/** The failed messages of one call, one entry each, ascending: the last word about a message counts. */
export class Failures {
  #byIndex = new Map();

  add(index, code, detail, retry) {
    this.#byIndex.set(index, { index, verdict: retry ? "retry" : "reject", code, detail: String(detail) });
  }

  toWit() {
    return [...this.#byIndex.values()].sort((one, other) => one.index - other.index);
  }
}
