const { twice } = require("./helper");
console.log(twice(21), require("./data.json").name);
