import{b as a}from"./chunk-GWP4NEMN.js";import"./chunk-Q2Q5NCMT.js";import"./chunk-GX4EQGP4.js";export{a as ProvinceMap};
