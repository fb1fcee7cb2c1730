export { type CudaOptions, cuda, type Precision } from "./cuda.js";
