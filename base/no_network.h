#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/result.h"

namespace tocsin {

/// The network of a world that has none: who tries is told so at once.
class NoNetwork final : public HttpClient, public Resolver {
public:
    RequestId send(HttpRequest request, HttpEvents events) override {
        events.verdict(fail(Error::Kind::Unavailable, request.label + ": there is no network offline"));
        return 1;
    }
    void cancel(RequestId) override {}
    void resolve(const std::string& host, std::function<void(Result<std::vector<std::string>>)> done) override {
        done(fail(Error::Kind::NotFound, host + ": there is no network offline"));
    }
};

}  // namespace tocsin
