import{b as a}from"./chunk-FXD4IKQ4.js";import"./chunk-Q2Q5NCMT.js";import"./chunk-3XLV6CED.js";export{a as ProvinceMap};
