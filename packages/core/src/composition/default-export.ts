/**
 * Returns the default export of an imported module. In a module that TypeScript compiled to CommonJS, the default
 * export is one level deeper, because Node.js uses `module.exports` itself as the default export. `undefined` if there
 * is none.
 */
export function defaultExportOf(module: { readonly default?: unknown }): unknown {
  const exported = module.default;
  const isCommonJs = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return isCommonJs && 'default' in exported ? exported.default : exported;
}
