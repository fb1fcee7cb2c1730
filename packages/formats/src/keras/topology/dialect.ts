/** For which program a topology is written. */
export interface Dialect {
  /** What errors call it. */
  readonly name: string;
  /** Keras 2 or 3. */
  readonly major: 2 | 3;
  readonly tfjs: boolean;
}

/** Keras 3, in .keras files. */
export const keras3: Dialect = { name: "Keras 3", major: 3, tfjs: false };

/** Keras 2, in .h5 files; Keras 3 reads them, too. */
export const keras2: Dialect = { name: "Keras 2", major: 2, tfjs: false };

/** TensorFlow.js, which has the topologies of Keras 2 and fewer layers. */
export const tensorflowJs: Dialect = { name: "TensorFlow.js", major: 2, tfjs: true };
