// Uses `require`: `import` would make Node.js parse commander's CommonJS files for exported names at every start.
import commander = require('commander');

export import Command = commander.Command;
export import CommanderError = commander.CommanderError;
export import Help = commander.Help;
export import Option = commander.Option;
