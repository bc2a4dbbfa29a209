#pragma once

// The one include of Catch2: its name differs between versions 2 and 3.
#include <catch2/catch.hpp>
