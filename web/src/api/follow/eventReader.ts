// SPDX-License-Identifier: MIT
/** Takes a text/event-stream in pieces as they come, and gives the data of each event that is complete. */
export class EventReader {
  private pieces: string[] = [];
  private data: string[] = [];
  private endedInReturn = false;

  feed(text: string): string[] {
    const events: string[] = [];
    // A pair of CR and LF that was cut is one end of line.
    let start = this.endedInReturn && text.startsWith('\n') ? 1 : 0;
    if (text) this.endedInReturn = text.endsWith('\r');
    const ends = /\r\n|\r|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end; end = ends.exec(text)) {
      const line = this.pieces.join('') + text.slice(start, end.index);
      this.pieces = [];
      start = ends.lastIndex;
      if (line === '') {
        if (this.data.length > 0) events.push(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line[5] === ' ' ? 6 : 5));
      } // the data says by itself what it is and where
    }
    if (start < text.length) this.pieces.push(text.slice(start));
    return events;
  }
}
