/**
 * Bytes in memory of their own, never shared between threads: `Uint8Array<ArrayBuffer>`, which compilers before TypeScript 5.7
 * have no name for.
 */
export type Bytes = ReturnType<typeof Uint8Array.of>;
