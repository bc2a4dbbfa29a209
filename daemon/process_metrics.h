#pragma once

#include "base/disk.h"
#include "base/self_metrics.h"

namespace tocsin {

/// `process_…` as Prometheus' client libraries name them: memory, processor time and open files, read from /proc
/// through `disk` whenever somebody looks. What cannot be read is not shown. `disk` must outlive `metrics`.
void add_process_metrics(SelfMetrics& metrics, Disk& disk);

}  // namespace tocsin
