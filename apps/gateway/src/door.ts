/** The optimizer, as its `RightsizeDoor` contract: all that the gateway knows of it. */
export const Door = Symbol('rightsize.Door');
