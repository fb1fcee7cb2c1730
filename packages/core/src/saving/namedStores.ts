export * from "./browserStores.js";
export * from "./fileStore.js";
