import { testRandomModels } from "./testing/randomModels.js";

testRandomModels({ count: 300 });
