import{b as a}from"./chunk-AAATWVKZ.js";import"./chunk-Q2Q5NCMT.js";import"./chunk-GX4EQGP4.js";export{a as ProvinceMap};
