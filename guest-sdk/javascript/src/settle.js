/** Authors may answer promises: the engine turns its event loop until they are settled. What is not one costs nothing. */

/** `next` of the value, once it is there. */
export const settle = (value, next) => (value instanceof Promise ? value.then(next) : next(value));
