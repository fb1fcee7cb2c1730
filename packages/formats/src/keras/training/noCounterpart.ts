/** Something of a model's training that the program does not have for which is written. */
export class NoCounterpart extends Error {}
