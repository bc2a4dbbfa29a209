#include "base/signed_grant.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::chrono::minutes kGoodFor{10};

// RFC 7515: without padding, and with characters that need no escape in a URL.
std::string base64url(std::string_view bytes) {
    std::string text = base64_encode(bytes);
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

std::int64_t seconds(Timestamp time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string head_of(const HttpAccess::SignedGrant& grant) {
    Json head = Json::object();
    head.add("alg", grant.algorithm);
    head.add("typ", "JWT");
    if (!grant.key_id.empty()) head.add("kid", grant.key_id);
    return dump(head);
}

std::string claims_of(const HttpAccess::OAuth2& source, Timestamp now, std::uint64_t number) {
    const HttpAccess::SignedGrant& grant = *source.signed_grant;
    Json::Object claims = grant.claims.members();
    const auto add = [&](std::string name, Json value) {
        if (grant.claims.find(name) == nullptr) claims.emplace_back(std::move(name), std::move(value));
    };
    const std::string& issuer = grant.issuer.empty() ? source.client_id : grant.issuer;
    add("iss", issuer);
    add("sub", source.client_id);
    add("aud", grant.audience.empty() ? source.token_url : grant.audience);
    add("iat", seconds(now));
    add("exp", seconds(now + kGoodFor));
    add("jti", sha256_hex(fmt::format("{} {} {}", issuer, now.time_since_epoch().count(), number)));
    if (!source.scopes.empty()) add("scope", join(source.scopes, " "));
    return dump(Json(std::move(claims)));
}

}  // namespace

Result<std::string> signed_assertion(const HttpAccess::OAuth2& source, std::string_view key, Timestamp now,
                                     std::uint64_t number) {
    const HttpAccess::SignedGrant& grant = *source.signed_grant;
    const std::string said = base64url(head_of(grant)) + "." + base64url(claims_of(source, now, number));
    const auto signature = rsa_signature(key, said, grant.algorithm);
    if (!signature) return fail(Error::Kind::InvalidInput, "oauth2: cannot sign with the client_certificate_key");
    return said + "." + base64url(*signature);
}

}  // namespace tocsin
