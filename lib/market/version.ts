// The version of the bytes this generator makes: N goes up at every change of them, until v1 freezes with release 1.0.0.
export const GENERATOR_VERSION = 'v1-dev.3';
