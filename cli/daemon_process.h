#pragma once

#include <string>

#include "base/log.h"
#include "daemon/options.h"

namespace tocsin::cli {

/// A daemon in the real world, whatever command it is the daemon of.
struct DaemonProcess {
    std::string command;  // `tocsin run`, as messages name it
    Options options;
    LogOptions log;
    unsigned threads = 1;  // that parse and evaluate
};

/// Runs it until a signal ends it; the exit code. Says why it did not start, on stderr or in the log.
int run_daemon_process(const DaemonProcess& process);

}  // namespace tocsin::cli
