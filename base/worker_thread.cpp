#include "base/worker_thread.h"

#include <csignal>
#include <utility>

#include <pthread.h>

namespace tocsin {

std::thread start_worker_thread(std::function<void()> body) {
    // The mask is inherited; set here, there is no moment at which the new thread could be chosen for a signal.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace tocsin
