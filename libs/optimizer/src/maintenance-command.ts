/** How users call what looks after the log, wherever the programs were installed from. Hints begin with it. */
export const MAINTENANCE_COMMAND = 'npx @rightsize/maintenance';
