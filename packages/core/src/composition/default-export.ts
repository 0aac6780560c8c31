/**
 * The default export of an imported module. TypeScript's output for CommonJS has it one level deeper: Node.js makes the
 * whole of `module.exports` the default.
 */
export function defaultExportOf(module: { readonly default?: unknown }): unknown {
  const exported = module.default;
  const isCommonJs = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return isCommonJs && 'default' in exported ? exported.default : exported;
}
