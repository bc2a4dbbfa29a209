#include "notifiers/masking.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

namespace tocsin {
namespace {

constexpr std::size_t kSecretBytesMin = 4;
// Stands for a secret while a message is made. It can be a key, and a URL too.
constexpr std::string_view kStandIn = "https://secret.invalid";

/// As it is, as a URL has it, and as a server's JSON may have it: with `\u0026` for `&`, with `\/` for `/`.
void add_spellings(const std::string& secret, std::vector<std::string>& into) {
    into.push_back(secret);
    into.push_back(query_escape(secret));
    for (const JsonStyle style : {JsonStyle::Compact, JsonStyle::Plain}) {
        std::string quoted;
        append_json_string(quoted, secret, style);
        std::string escaped = quoted.substr(1, quoted.size() - 2);
        into.push_back(replace_all(escaped, "/", "\\/"));
        into.push_back(std::move(escaped));
    }
}

tl::unexpected<Error> not_here() {
    return fail(Error::Kind::Unavailable, "not while messages are shown only");
}

class MaskedFile final : public DiskFile {
public:
    Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t bytes) override {
        return kStandIn.substr(std::min<std::size_t>(offset, kStandIn.size())).copy(into, bytes);
    }
    Status write_at(std::uint64_t, std::string_view) override { return not_here(); }
    Status append(std::string_view) override { return not_here(); }
    Status truncate(std::uint64_t) override { return not_here(); }
    Status sync() override { return not_here(); }
    Result<std::uint64_t> size() override { return kStandIn.size(); }
    Status lock() override { return not_here(); }
};

/// In every file there is a secret.
class MaskedDisk final : public Disk {
public:
    Result<std::unique_ptr<DiskFile>> open(const std::string&, Open) override { return std::make_unique<MaskedFile>(); }
    bool exists(const std::string&) override { return true; }
    Status rename(const std::string&, const std::string&) override { return not_here(); }
    Status remove(const std::string&) override { return not_here(); }
    Status make_directories(const std::string&) override { return not_here(); }
    Result<std::vector<std::string>> list(const std::string&) override { return not_here(); }
    Status sync_directory(const std::string&) override { return not_here(); }
    Result<std::vector<std::string>> glob(const std::string&) override { return not_here(); }
    Result<std::uint64_t> free_bytes(const std::string&) override { return not_here(); }
};

}  // namespace

std::string mask_secrets(std::string text, const std::vector<std::string>& secrets) {
    std::vector<std::string> spellings;
    for (const std::string& secret : secrets) {
        if (secret.size() >= kSecretBytesMin) add_spellings(secret, spellings);
    }
    // A secret may be part of another one: first the whole.
    std::sort(spellings.begin(), spellings.end(),
              [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
    for (const std::string& spelling : spellings) text = replace_all(text, spelling, kMask);
    return text;
}

std::unique_ptr<Disk> make_masked_disk() {
    return std::make_unique<MaskedDisk>();
}

void mask(HttpRequest& request) {
    request.url = request.url.starts_with(kStandIn) ? std::string(kMask) : request.url;
    request.body = replace_all(request.body, kStandIn, kMask);
    for (HttpHeader& header : request.headers) {
        // Names and passwords are there in another notation.
        if (header.name == "Authorization") header.value = kMask;
        header.value = replace_all(header.value, kStandIn, kMask);
    }
}

Parsed<AlertmanagerConfig> read_masked(const AlertmanagerConfig& config) {
    auto masked = parse_alertmanager_config(replace_all(config.masked_text, kMask, kStandIn), config.file);
    if (masked) masked->templates = config.templates;
    return masked;
}

}  // namespace tocsin
