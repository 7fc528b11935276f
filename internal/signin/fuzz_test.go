package signin

import "testing"

func FuzzWeCom(f *testing.F) {
	f.Add(`{"errcode":0,"errmsg":"ok","access_token":"t","expires_in":7200}`)
	f.Add(`{"errcode":40029,"errmsg":"invalid code"}`)
	f.Add(`{"ERRCODE":0,"errcode":1,"userid":"a"}`)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseWeCom([]byte(s))
		if err != nil && a != (wecomAnswer{}) {
			t.Errorf("%q: an answer beside %v: %+v", s, err, a)
		}
		if len(a.User) > 512 {
			t.Errorf("a user of %d bytes", len(a.User))
		}
	})
}
