// Required: were it imported, Node.js would search its files for the names that they may export, at every start.
import commander = require('commander');

export import Command = commander.Command;
export import CommanderError = commander.CommanderError;
export import Option = commander.Option;
