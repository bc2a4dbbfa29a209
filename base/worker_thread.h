#pragma once

#include <functional>
#include <thread>

namespace tocsin {

/// A thread on which all signals are blocked: those to the process go to the scheduler's thread, and a broken pipe is
/// an error of the write and not the end of the process.
std::thread start_worker_thread(std::function<void()> body);

}  // namespace tocsin
