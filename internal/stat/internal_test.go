package stat

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestStudentAgainstTables compares with Fisher and Yates, Statistical Tables (1963), table III. With one degree of freedom the quantile
// is tan(π(½ − tail)): tan 85.5° = 12.7062047 and tan 72° = √(5 + 2√5) = 3.0776835. With two it is √2·u/√(1 − u²) for u = 1 − 2·tail:
// 0.95·√2/√0.0975 = 4.3026527 and 0.8·√2/0.6 = 1.8856181. Fractions of a degree are worked out with thirty digits elsewhere.
func TestStudentAgainstTables(t *testing.T) {
	for _, c := range []struct {
		nu               float64
		want95, want80   string
		exact95, exact80 float64
	}{
		{1, "12.706", "3.078", 12.706204736174705, 3.0776835371752534}, {2, "4.303", "1.886", 4.3026527297494639, 1.8856180831641267},
		{3, "3.182", "1.638", 3.1824463052837096, 1.6377443536962101}, {5, "2.571", "1.476", 2.5705818356363155, 1.4758840488244811},
		{10, "2.228", "1.372", 2.2281388519862747, 1.3721836411103356}, {30, "2.042", "1.310", 2.0422724563012383, 1.3104150253913956},
		{1.5, "6.017", "2.196", 6.0166631044279319, 2.1963984175655374}, {2.7, "3.392", "1.688", 3.3921483831737523, 1.6881081751466428},
		{17.25, "2.107", "1.333", 2.1074887374283349, 1.3325985252345728}, {99.5, "1.984", "1.290", 1.9840936109906242, 1.2901178824236915},
		{100, "1.984", "1.290", 1.9839715185235523, 1.290074761346516}, {1000, "1.962", "1.282", 1.9623390808264085, 1.2823987214609244},
	} {
		for _, l := range []struct {
			level
			table string
			exact float64
		}{{level95, c.want95, c.exact95}, {level80, c.want80, c.exact80}} {
			got := l.student(c.nu)
			if fmt.Sprintf("%.3f", got) != l.table || math.Abs(got-l.exact) > 1e-10 {
				t.Errorf("%v degrees of freedom, tail %v: %.15g, table %s, exact %.15g", c.nu, l.tail, got, l.table, l.exact)
			}
		}
	}
}

func TestStudentFallsTowardsNormal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom([]level{level80, level95}).Draw(t, "level")
		nu := rapid.OneOf(rapid.Float64Range(1, 120), rapid.Float64Range(99.9, 100.1), rapid.Float64Range(1, 1e9)).Draw(t, "nu")
		more := float64(nu * rapid.Float64Range(1.0001, 10).Draw(t, "more"))
		if a, b := l.student(nu), l.student(more); !(a > b && b >= l.z) {
			t.Fatalf("%v with %v, %v with %v degrees of freedom", a, nu, b, more)
		}
	})
}

// TestPower: 0.25^0.5 = 0.5, 0.5^3 = 0.125, 0.0625^1.25 = 0.5^5, and package math up to its last bits elsewhere.
func TestPower(t *testing.T) {
	for _, c := range [][3]float64{{0.25, 0.5, 0.5}, {0.5, 3, 0.125}, {0.0625, 1.25, 0.03125}, {0.3, 0, 1}, {1, 17.3, 1}, {0.7, 1, 0.7}} {
		if got := power(c[0], c[1]); got != c[2] {
			t.Errorf("%v to the %v: %v, want %v", c[0], c[1], got, c[2])
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x, a := rapid.Float64Range(0.001, 1).Draw(t, "x"), rapid.Float64Range(0, 50).Draw(t, "a")
		if got, want := power(x, a), math.Pow(x, a); math.Abs(got-want) > want*1e-12 {
			t.Fatalf("%v to the %v: %v, math says %v", x, a, got, want)
		}
	})
}

// TestConcentrationHoldsTheVariance: a beta-binomial's variance is n·p·q·(S + n)/(S + 1). It must be φ times that with S = N + 1,
// wherever S is not at its least. By hand for N = 40, n = 10, φ = 4.8: S = (10·42 − 4.8·51)/(3.8·42 + 4.8·9) = 175.2/202.8.
func TestConcentrationHoldsTheVariance(t *testing.T) {
	if got := concentration(40, 10, 4.8); math.Abs(got-175.2/202.8) > 1e-12 {
		t.Errorf("S is %v, want 0.8639", got)
	}
	for _, c := range [][4]float64{{40, 10, 1, 41}, {40, 1, 5, 41}, {40, 10, 40.0 / 3, 0.1}} {
		if got := concentration(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("S of %v is %v", c, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		known, n := float64(rapid.IntRange(3, 100_000).Draw(t, "known")), float64(rapid.IntRange(2, 100_000).Draw(t, "n"))
		phi := rapid.Float64Range(1, 20).Draw(t, "phi")
		s := concentration(known, n, phi)
		got, want := (s+n)/(s+1), phi*(known+1+n)/(known+2)
		if s > 0.1 && math.Abs(got/want-1) > 1e-9 || s == 0.1 && got > want*(1+1e-9) {
			t.Fatalf("S = %v: the variance is %v times the binomial one, want %v", s, got, want)
		}
	})
}

// TestCountRangeAgainstFractions works beta-binomials with halves as parameters out in exact fractions: the weight of k is
// C(n, k)·α(α + 1)…(α + k − 1)·β(β + 1)…(β + n − k − 1).
func TestCountRangeAgainstFractions(t *testing.T) {
	rising := func(halves, k int64) *big.Rat {
		r := big.NewRat(1, 1)
		for i := range k {
			r.Mul(r, big.NewRat(halves+2*i, 2))
		}
		return r
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 40).Draw(t, "n")
		a, b := rapid.Int64Range(1, 60).Draw(t, "a"), rapid.Int64Range(1, 60).Draw(t, "b")
		below, total := make([]*big.Rat, n+2), new(big.Rat)
		for k := range n + 1 {
			below[k] = new(big.Rat).Set(total)
			w := new(big.Rat).SetInt(new(big.Int).Binomial(n, k))
			total.Add(total, w.Mul(w, new(big.Rat).Mul(rising(a, k), rising(b, n-k))))
		}
		below[n+1] = total
		tail := new(big.Rat).Quo(total, big.NewRat(10, 1))
		low, high := countRange(float64(n), float64(a)/2, float64(b)/2, level80)
		inside := new(big.Rat).Sub(below[int(high)+1], below[int(low)])
		above := new(big.Rat).Sub(total, below[int(high)+1])
		switch {
		case below[int(low)].Cmp(tail) > 0 || above.Cmp(tail) > 0:
			t.Fatalf("%v to %v leaves more than a tenth on one side", low, high)
		case below[int(low)+1].Cmp(tail) < 0 || new(big.Rat).Sub(total, below[int(high)]).Cmp(tail) < 0:
			t.Fatalf("%v to %v is wider than it must be", low, high)
		case inside.Cmp(new(big.Rat).Mul(total, big.NewRat(8, 10))) < 0:
			t.Fatalf("%v to %v holds less than 80 %%", low, high)
		}
	})
}

// TestCountRangeIsSmoothWhereTheNormalLawTakesOver: one case more moves neither end by much.
func TestCountRangeIsSmoothWhereTheNormalLawTakesOver(t *testing.T) {
	for _, c := range [][2]float64{{30, 10}, {500, 500}, {99000, 1000}, {1e7, 1e7}, {19, 1}} {
		low, high := countRange(manyCases, c[0], c[1], level80)
		nextLow, nextHigh := countRange(manyCases+1, c[0], c[1], level80)
		if math.Abs(low-nextLow) > manyCases*0.025 || math.Abs(high-nextHigh) > manyCases*0.025 {
			t.Errorf("α %v, β %v: %v to %v, then %v to %v", c[0], c[1], low, high, nextLow, nextHigh)
		}
	}
}

// allowed are the functions of package math that IEEE 754 or their nature leaves no freedom.
var allowed = []string{"Abs", "Ceil", "Floor", "Inf", "IsInf", "IsNaN", "Mod", "Modf", "Pi", "Round", "Sqrt"}

// TestNoMachineComputesOtherwise reads the source: every product, and every quotient by a number, stands in float64(…) or in a product
// that does, and nothing of package math is used that differs between processors.
func TestNoMachineComputesOtherwise(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	if len(names) < 5 {
		t.Fatalf("the source is not all here: %v", names)
	}
	for _, name := range names {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool { return inspect(t, set, n) })
	}
}

func inspect(t *testing.T, set *token.FileSet, n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "float64" {
			for _, factor := range factors(n.Args[0]) {
				ast.Inspect(factor, func(n ast.Node) bool { return inspect(t, set, n) })
			}
			return false
		}
	case *ast.BinaryExpr:
		if isProduct(n) {
			t.Errorf("%s: a product that another machine may fuse with a sum; write float64(x*y)", set.Position(n.OpPos))
		}
	case *ast.AssignStmt:
		if n.Tok == token.MUL_ASSIGN || n.Tok == token.QUO_ASSIGN && isNumber(n.Rhs[0]) {
			t.Errorf("%s: write x = float64(x*y)", set.Position(n.TokPos))
		}
	case *ast.SelectorExpr:
		if of, ok := n.X.(*ast.Ident); ok && of.Name == "math" && !slices.Contains(allowed, n.Sel.Name) {
			t.Errorf("%s: math.%s may differ between processors", set.Position(n.Pos()), n.Sel.Name)
		}
	}
	return true
}

// isProduct reports whether e multiplies, or divides by a number, which compilers may turn into a product. What numbers alone make is
// worked out by the compiler, exactly.
func isProduct(e *ast.BinaryExpr) bool {
	return !isNumber(e) && (e.Op == token.MUL || e.Op == token.QUO && isNumber(e.Y))
}

func isNumber(x ast.Expr) bool {
	switch e := x.(type) {
	case *ast.BasicLit:
		return true
	case *ast.ParenExpr:
		return isNumber(e.X)
	case *ast.UnaryExpr:
		return isNumber(e.X)
	case *ast.BinaryExpr:
		return isNumber(e.X) && isNumber(e.Y)
	}
	return false
}

// factors are the parts of a product of products.
func factors(x ast.Expr) []ast.Expr {
	switch e := x.(type) {
	case *ast.ParenExpr:
		return factors(e.X)
	case *ast.BinaryExpr:
		if isProduct(e) {
			return append(factors(e.X), factors(e.Y)...)
		}
		return []ast.Expr{e}
	}
	return []ast.Expr{x}
}
