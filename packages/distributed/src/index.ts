export { type Distributed, type DistributeOptions, distribute } from "./distribute.js";
