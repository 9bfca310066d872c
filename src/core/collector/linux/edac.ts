/** Memory errors that the memory controllers found. Attributes: https://docs.kernel.org/admin-guide/ras.html */
import type { Collector } from '../collector.ts';
import { listFolder, parseNumber, readText } from '../files.ts';

export const edac: Collector = {
  name: 'edac',
  collect({ files }, out) {
    const counter = (name: string, help: string, ...labels: string[]) =>
      out.counter(`node_edac_${name}_total`, help, 'controller', ...labels);
    const correctable = counter('correctable_errors', 'Total correctable memory errors.');
    const uncorrectable = counter('uncorrectable_errors', 'Total uncorrectable memory errors.');
    const rowCorrectable = counter(
      'csrow_correctable_errors',
      'Total correctable memory errors for this csrow.',
      'csrow',
    );
    const rowUncorrectable = counter(
      'csrow_uncorrectable_errors',
      'Total uncorrectable memory errors for this csrow.',
      'csrow',
    );

    const root = files.sys('devices/system/edac/mc');
    for (const name of listFolder(root) ?? []) {
      const controller = /^mc(\d+)$/.exec(name)?.[1];
      if (controller === undefined) continue;
      const read = (path: string) =>
        parseNumber(readText(`${root}/${name}/${path}`).trim(), `${root}/${name}/${path}`);
      correctable.add(read('ce_count'), controller);
      uncorrectable.add(read('ue_count'), controller);
      // Errors that could not be told to belong to a row.
      rowCorrectable.add(read('ce_noinfo_count'), controller, 'unknown');
      rowUncorrectable.add(read('ue_noinfo_count'), controller, 'unknown');
      for (const part of listFolder(`${root}/${name}`) ?? []) {
        const row = /^csrow(\d+)$/.exec(part)?.[1];
        if (row === undefined) continue;
        rowCorrectable.add(read(`${part}/ce_count`), controller, row);
        rowUncorrectable.add(read(`${part}/ue_count`), controller, row);
      }
    }
    return true;
  },
};
