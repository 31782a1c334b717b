// The compiled form of a kernel, as the build puts it in the place of the import: `x.wasm` is made from `x.as.ts` beside it.
declare module '*.wasm' {
  /** Empty where the compiler was not installed. */
  const wasm: Uint8Array<ArrayBuffer>;
  export = wasm;
}

/** The part of the WebAssembly interface that lib/math/kernel.ts uses; absent where Node runs with --jitless. */
declare const WebAssembly:
  | {
      readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
      readonly Module: new (wasm: Uint8Array) => object;
      readonly Instance: new (module: object, imports: object) => { readonly exports: object };
      validate(wasm: Uint8Array): boolean;
    }
  | undefined;
