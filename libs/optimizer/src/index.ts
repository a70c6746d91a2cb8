export * from './rightsize-service.contract.js';
