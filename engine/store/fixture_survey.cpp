#include "engine/store/fixture_survey.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "engine/store/fixture.h"
#include "engine/store/fixture_text.h"
#include "engine/store/sequential_file.h"
#include "engine/store/unpacker.h"

namespace tocsin {
namespace {

constexpr double kMillisecondsMax = 9e15;

class Surveyor {
public:
    explicit Surveyor(const std::string& path) : path_(path) {}

    Status put(std::string_view text) {
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            if (end == std::string_view::npos) {
                begun_ += text;
                return check_begun();
            }
            if (begun_.empty()) {
                look_at(text.substr(0, end));
            } else {
                begun_ += text.substr(0, end);
                look_at(begun_);
                begun_.clear();
            }
            text.remove_prefix(end + 1);
        }
        return {};
    }

    FixtureSurvey survey;

    bool is_refused = false;  // the text, not the packing, is what is wrong

private:
    Status check_begun() {
        constexpr std::size_t kMax = Fixture::Limits{}.line_bytes;
        is_refused = begun_.size() > kMax;
        if (!is_refused) return {};
        return fail(Error::Kind::LimitExceeded, long_fixture_line(path_, line_ + 1, kMax));
    }

    void look_at(std::string_view line) {
        ++line_;
        if (line.empty() || line.front() == '#') return;
        // What follows is an exemplar, with a time of its own.
        if (line.find('#') != std::string_view::npos) line = line.substr(0, line.rfind(" # {"));
        const std::string_view token = line.substr(line.rfind(' ') + 1);
        // Neighbours are mostly of the same time.
        if (token == last_token_) {
            ++survey.samples;
            return;
        }
        double seconds = 0;
        const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), seconds);
        if (error != std::errc{} || end != token.data() + token.size()) return;
        const double milliseconds = std::round(seconds * 1000);
        if (std::abs(milliseconds) >= kMillisecondsMax) return;
        note(from_unix_ms(static_cast<std::int64_t>(milliseconds)));
        last_token_ = token;
    }

    void note(Timestamp at) {
        if (survey.samples++ > 0 && at < last_ && !survey.first_out_of_order) survey.first_out_of_order = line_;
        last_ = at;
        survey.begin = std::min(survey.begin.value_or(at), at);
        if (!survey.end || at > *survey.end) {
            survey.end = at;
            survey.end_line = line_;
        }
        survey.spans.add(at);
    }

    std::string path_;
    std::string begun_;  // a line whose end has not come yet
    std::uint64_t line_ = 0;
    Timestamp last_{};
    std::string last_token_;
};

}  // namespace

Result<FixtureSurvey> survey_fixture(Disk& disk, const std::string& path) {
    TOCSIN_TRY(SequentialFile file, SequentialFile::open(disk, path));
    Surveyor surveyor(path);
    Unpacker unpacker;
    const auto take = [&](std::string_view text) { return surveyor.put(text); };
    for (;;) {
        TOCSIN_TRY(const std::string_view piece, file.next());
        if (piece.empty()) break;
        if (const Status status = unpacker.put(piece, take); !status) {
            if (surveyor.is_refused) return tl::unexpected(status.error());
            return fail_with_context(path, status.error());
        }
    }
    surveyor.survey.bytes = file.bytes_read();
    return surveyor.survey;
}

}  // namespace tocsin
