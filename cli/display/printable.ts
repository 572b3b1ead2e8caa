// Texts come from engines, containers and file names; a control character among them could rewrite what the terminal
// shows. Line ends and tabs become spaces, so that one message stays one line.
export const printable = (text: string): string =>
  text
    .replace(/[\t\r\n]+/g, ' ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
