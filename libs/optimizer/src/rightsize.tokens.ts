/** The resolved options of this instance: {@link RightsizeSettings}. */
export const Settings = Symbol('rightsize.Settings');

/** The port {@link TemplateDetector} of optimizer-core. */
export const Detector = Symbol('rightsize.Detector');

/** The {@link Fingerprinter} of optimizer-core, keyed by the installation's secret. */
export const Prints = Symbol('rightsize.Prints');

/** The {@link Sketcher} of optimizer-core, keyed by the installation's secret. */
export const Sketches = Symbol('rightsize.Sketches');

/** {@link InstallationSecret}: the key of the fingerprints. */
export const Secret = Symbol('rightsize.Secret');

/** The `CommandBus` of this instance alone. */
export const Commands = Symbol('rightsize.Commands');

/** The `QueryBus` of this instance alone. */
export const Queries = Symbol('rightsize.Queries');

/** The name of this instance. */
export const InstanceName = Symbol('rightsize.InstanceName');
